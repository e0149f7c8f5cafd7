"""Training on the scaled objective F_α of Eq. (5): gradient descent, SGD and the gradient flow.

All trainers share one time, t = step × number of steps: in predictor space the path obeys
d(αf)/dt = −(1/n) K_w (αf − y) for the quadratic loss, with no α in it.
"""

from lazylib import _rooms
from lazylib.trainers.descent import gradient_descent, sgd
from lazylib.trainers.flow import between, gradient_flow
from lazylib.trainers.run import OF_FALL, OF_ITSELF, OF_ZERO, Interrupted, Run, reporting, status

__all__ = _rooms.offered(vars())
