"""What flows backward through time: how much of the loss's gradient reaches each step, and whether it is right.

    flow                 norms of dL/dh_t and dL/dx_t at every step, from one backward pass
    effective_memory     how many steps back such norms stay above a fraction of the last
    jacobian             dh_end/dh_start; its singular values say what grows and what vanishes on the way
    numerical_gradient   central differences, to which `check` holds a layer's gradients
    scale_to_radius      recurrent matrices of a chosen spectral radius

Layers and inputs are left as they were: what is computed is computed from copies, and in float64. In float32 a gradient
that halves at every step is zero after 150 of them, and its square, of which norms are made, after 75.
"""

from rnnbook.gradients.differences import check, numerical_gradient
from rnnbook.gradients.jacobians import jacobian, singular_values
from rnnbook.gradients.norms import Flow, effective_memory, flow
from rnnbook.gradients.radius import scale_to_radius, spectral_radius

__all__ = [
    "Flow",
    "check",
    "effective_memory",
    "flow",
    "jacobian",
    "numerical_gradient",
    "scale_to_radius",
    "singular_values",
    "spectral_radius",
]
