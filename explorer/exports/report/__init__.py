"""What a run or a comparison came to, as files to hand in: a README, the code, the weights, the
figures, the charts.
"""
