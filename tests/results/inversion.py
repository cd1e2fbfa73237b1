"""Train the tutorial's inversion network and keep it: python -m tests.results.inversion"""

from __future__ import annotations

from safetensors.torch import save_file

from core.analysis.inspection.inversion import PATH, train


def main() -> None:
    """Write the weights and the loss by epoch."""
    found = train()
    losses = {"loss.training": found.training, "loss.fresh": found.fresh}
    save_file({name: tensor.contiguous() for name, tensor in (found.module.state_dict() | losses).items()}, PATH)
    print(f"{PATH}: loss {found.training[-1]:.4f}, of fresh images {found.fresh[-1]:.4f}")


if __name__ == "__main__":
    main()
