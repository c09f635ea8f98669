"""What only the notebook has, beside the parts of model.py: it uses them, and shows what came of
it.
"""

from model import load_data, train

# %% use data
train_images, train_labels, test_images, test_labels = load_data()
print("to train:", tuple(train_images.shape), "to test:", tuple(test_images.shape))

# %% use training
model, history = train(train_images, train_labels, test_images, test_labels)

# %% result
# if picked by validation
best = max(history, key=lambda record: record["validation_accuracy"])
# else
best = max(history, key=lambda record: record["test_accuracy"])
# end
print(f"final test accuracy: {history[-1]['test_accuracy']:.2%}")
# if picked by validation
print(
    f"test accuracy of the best epoch on the validation images, {best['epoch']}: "
    f"{best['test_accuracy']:.2%}"
)
# else
print(f"best test accuracy: {best['test_accuracy']:.2%} in epoch {best['epoch']}")
# end

# %% curves
try:
    import matplotlib.pyplot as plt
except ImportError:
    print("Install matplotlib to see the curves.")
else:
    # if validation
    parts = ("train", "validation", "test")
    # else
    parts = ("train", "test")
    # end
    epochs = [record["epoch"] for record in history]
    figure, panels = plt.subplots(1, 2, figsize=(10, 4))
    for panel, metric in zip(panels, ("accuracy", "loss")):
        for part in parts:
            values = [record[f"{part}_{metric}"] for record in history]
            panel.plot(epochs, values, marker=".", label=part)
        panel.set(xlabel="epoch", ylabel=metric)
        panel.legend()
    plt.show()
