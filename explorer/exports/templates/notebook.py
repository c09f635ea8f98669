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
best = max(history, key=lambda record: record["test_accuracy"])
print(f"final test accuracy: {history[-1]['test_accuracy']:.2%}")
print(f"best test accuracy: {best['test_accuracy']:.2%} in epoch {best['epoch']}")

# %% curves
try:
    import matplotlib.pyplot as plt
except ImportError:
    print("Install matplotlib to see the curves.")
else:
    epochs = [record["epoch"] for record in history]
    figure, panels = plt.subplots(1, 2, figsize=(10, 4))
    for panel, metric in zip(panels, ("accuracy", "loss")):
        for part in ("train", "test"):
            values = [record[f"{part}_{metric}"] for record in history]
            panel.plot(epochs, values, marker=".", label=part)
        panel.set(xlabel="epoch", ylabel=metric)
        panel.legend()
    plt.show()
