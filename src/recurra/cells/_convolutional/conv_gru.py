"""The convolutional GRU."""

import torch

from recurra.cells._convolutional.convolution import ConvolutionalCell


class ConvGRU(ConvolutionalCell):
    """One step of the convolutional GRU.

    As the `ConvLSTM`, with three quarters of its parameters and half of its state. It runs in the
    plain loop, one convolution of PyTorch after the other.

        r_t = sigmoid(conv(W_xr, x_t) + conv(W_hr, h_{t-1}) + b_r)    reset gate
        z_t = sigmoid(conv(W_xz, x_t) + conv(W_hz, h_{t-1}) + b_z)    update gate
        n_t = tanh(conv(W_xn, x_t) + conv(W_hn, r_t * h_{t-1}) + b_n)    candidate
        h_t = (1 - z_t) * n_t + z_t * h_{t-1}
        y_t = h_t

    Conventions: x `[B, I, L]` or `[B, I, height, width]`, channels first; zeros beyond the borders;
    channels of the kernels in the order r, z, n; z keeps the old state, as in `GRU` (in the paper
    1 - z does); the reset acts before the convolution; one bias.
    Size: 3 H (K (I + H) + 1), K the positions of a kernel.
    Source: N. Ballas et al., "Delving deeper into convolutional networks for learning video
    representations", ICLR (2016).

    Example:
        >>> import torch, recurra
        >>> cell = recurra.cells.ConvGRU(3, 5, size=8, kernel_size=5)
        >>> y, state = recurra.unroll(cell, torch.randn(7, 2, 3, 8), backend="reference")
        >>> y.shape
        torch.Size([7, 2, 5, 8])
    """

    gates = ("r", "z", "n")
    keeps = "z"

    def initial_state(self, batch_size: int) -> torch.Tensor:
        """Return h_0 = 0, `[B, H, ...]`."""
        return self.zero_hidden(batch_size)

    def forward(self, x: torch.Tensor, hidden: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Run one step: x `[B, I, ...]`, hidden `[B, H, ...]` to the output and the new state."""
        self.check_input(x)
        split = (2 * self.hidden_channels, self.hidden_channels)
        drive = self.convolve(x, self.weight_input, self.bias)
        gates_x, candidate_x = drive.split(split, dim=1)
        weight_gates, weight_candidate = self.weight_hidden.split(split)
        r, z = (gates_x + self.convolve(hidden, weight_gates)).sigmoid().chunk(2, dim=1)
        n = (candidate_x + self.convolve(r * hidden, weight_candidate)).tanh()  # [B, H, ...]
        hidden = (1 - z) * n + z * hidden
        return hidden, hidden
