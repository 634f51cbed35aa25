"""Questions asked of many trainings or of the model itself.

`sweep` trains by a specification, `report` makes pages of its results, `randomness` tests the p-bits, `engine_speed`
times the compiled golden model.
"""
