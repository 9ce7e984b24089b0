"""One iteration of bidirectional training on 25-Gaussians, in eager PyTorch: the peer that `ebm` is timed against.

The step is the toy setting of the released settings: an energy step (penalty on the gradient of the log ratio, one random
projection) and a generator step (entropy bound by the smallest singular value). The derivatives that it needs beyond one
backward pass are computed in three ways; all give the same losses and gradients (--check), the fastest one counts.
See README.md beside this file.
"""

import argparse
import json
import platform
import statistics
import time

import torch
import torch.autograd.forward_ad as forward_ad
from torch import nn
from torch.nn import functional as F

LATENT, DATA, HIDDEN, BATCH = 2, 2, 100, 200
WEIGHT, MARGIN, LAMBDA = 1e-3, 1.0, 1.0
# Named at each tensor: a default device of PyTorch's costs time at each of its functions.
DEVICE = "cpu"


class Energy(nn.Module):
    """2-100-100-1 with PReLU, then a bias-free 1 -> 1: energies [B]."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(DATA, HIDDEN), nn.PReLU(),
            nn.Linear(HIDDEN, HIDDEN), nn.PReLU(),
            nn.Linear(HIDDEN, 1), nn.Linear(1, 1, bias=False),
        )

    def forward(self, x):
        return self.layers(x).squeeze(1)

    def pushforward(self, x, v):
        """E(x) [B] and the derivative along v [B], by tangents carried through the layers."""
        one, act1, two, act2, three, scale = self.layers
        h = torch.stack([x, v])
        for linear, act in ((one, act1), (two, act2)):
            h = bent(tangent_linear(h, linear), act)
        h = F.linear(tangent_linear(h, three), scale.weight).squeeze(2)
        return h[0], h[1]


class Generator(nn.Module):
    """2-100-100-2; each hidden layer is linear, PReLU, BatchNorm."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(LATENT, HIDDEN), nn.PReLU(), nn.BatchNorm1d(HIDDEN),
            nn.Linear(HIDDEN, HIDDEN), nn.PReLU(), nn.BatchNorm1d(HIDDEN),
            nn.Linear(HIDDEN, DATA),
        )

    def forward(self, z):
        return self.layers(z)

    def pushforward(self, z, directions):
        """G(z) [B, D] and J v [K, B, D] for directions [K, B, d]; batch-norm uses its running statistics."""
        one, act1, norm1, two, act2, norm2, last = self.layers
        h = torch.cat([z[None], directions])
        for linear, act, norm in ((one, act1, norm1), (two, act2, norm2)):
            h = bent(tangent_linear(h, linear), act)
            scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
            shift = norm.bias - norm.running_mean * scale
            h = torch.addcmul(only_primal(shift, len(h)), h, scale)
        h = tangent_linear(h, last)
        return h[0], h[1:]


def only_primal(bias, rows):
    """A bias [C] as [rows, 1, C] that adds to the first slice, the values, and not to the tangents."""
    return F.pad(bias[None, None], (0, 0, 0, 0, 0, rows - 1))


def tangent_linear(h, linear):
    return F.linear(h, linear.weight) + only_primal(linear.bias, len(h))


def bent(h, act):
    """PReLU of the first slice, and its derivative times the others."""
    return h * torch.where(h[:1] > 0, torch.ones((), dtype=h.dtype, device=h.device), act.weight)


class Tangents:
    """Directional derivatives by tangents written out by hand, all directions stacked into one matrix product."""

    name = "hand-written tangents"

    def push(self, generator, z, directions):
        return generator.pushforward(z, directions)

    def slope(self, energy, x, v):
        return energy.pushforward(x, v)


class ForwardMode:
    """Directional derivatives by PyTorch's forward mode, the directions stacked along the batch."""

    name = "forward-mode AD"

    def push(self, generator, z, directions):
        k = len(directions)
        generator.eval()
        with forward_ad.dual_level():
            dual = forward_ad.make_dual(z.repeat(k, 1), directions.reshape(k * len(z), LATENT))
            x, jv = forward_ad.unpack_dual(generator(dual))
        generator.train()
        return x[: len(z)], jv.view(k, len(z), DATA)

    def slope(self, energy, x, v):
        with forward_ad.dual_level():
            values, slopes = forward_ad.unpack_dual(energy(forward_ad.make_dual(x, v)))
        return values, slopes


class DoubleBackward:
    """J by one backward pass an output, and the energy's gradient by one: differentiated once more where needed."""

    name = "double backward"

    def push(self, generator, z, directions):
        keep = torch.is_grad_enabled()
        generator.eval()
        with torch.enable_grad():
            z = z if z.requires_grad else z.detach().requires_grad_()
            x = generator(z)
            rows = [
                torch.autograd.grad(x[:, i].sum(), z, create_graph=keep, retain_graph=True)[0]
                for i in range(DATA)
            ]
        generator.train()
        jacobian = torch.stack(rows, dim=1)
        return x, torch.einsum("bij,kbj->kbi", jacobian, directions)

    def slope(self, energy, x, v):
        x = x.detach().requires_grad_()
        values = energy(x)
        (gradient,) = torch.autograd.grad(values.sum(), x, create_graph=True)
        return values, (gradient * v).sum(1)


def log_volume(columns):
    """d * log s_1 [B] from the two columns J e_1, J e_2 [2, B, D]: the smaller root of the Gram matrix's polynomial."""
    first, second = columns
    a, c = first.square().sum(1), second.square().sum(1)
    b = (first * second).sum(1)
    smaller = (a + c) / 2 - torch.sqrt(((a - c) / 2).square() + b.square() + 1e-20)
    return 0.5 * LATENT * torch.log(smaller.clamp_min(1e-20))


class Step:
    """Both players, their optimisers, and one iteration."""

    def __init__(self, method, volume_gradient=False, seed=0):
        torch.manual_seed(seed)
        self.energy, self.generator = Energy().to(DEVICE), Generator().to(DEVICE)
        adam = dict(lr=2e-4, betas=(0.0, 0.9), eps=1e-6, fused=True)
        self.energy_adam = torch.optim.Adam(self.energy.parameters(), **adam)
        self.generator_adam = torch.optim.Adam(self.generator.parameters(), **adam)
        self.method, self.volume_gradient = method, volume_gradient
        self.basis = torch.eye(LATENT, device=DEVICE)[:, None].expand(LATENT, BATCH, LATENT)
        self.centres = (torch.cartesian_prod(*2 * [torch.arange(5.0, device=DEVICE)]) - 2) * 2

    def data(self):
        chosen = self.centres[torch.randint(25, (BATCH,), device=DEVICE)]
        return (chosen + 0.05 * torch.randn(BATCH, DATA, device=DEVICE)) / 2.828

    def energy_loss(self):
        z, v = torch.randn(BATCH, LATENT, device=DEVICE), torch.randn(1, BATCH, LATENT, device=DEVICE)
        with torch.no_grad():
            x, jv = self.method.push(self.generator, z, v)
            x, jv = x.detach(), jv[0].detach()
        b = z
        if self.volume_gradient:
            z = z.detach().requires_grad_()
            volume = log_volume(self.method.push(self.generator, z, self.basis)[1])
            # The Jacobian of a piecewise linear network does not depend on z: the graph may not even lead there.
            (bend,) = torch.autograd.grad(volume.sum(), z, allow_unused=True)
            b = z.detach() if bend is None else z.detach() + bend
        generated, slope = self.method.slope(self.energy, x, jv)
        residual = (slope - (v[0] * b).sum(1)).square() / 2
        return self.energy(self.data()).mean() - generated.mean() + F.relu(WEIGHT * residual.mean() - MARGIN)

    def generator_loss(self):
        z = torch.randn(BATCH, LATENT, device=DEVICE)
        energy = self.energy(self.generator(z)).mean()
        _, columns = self.method.push(self.generator, z, self.basis)
        return energy - LAMBDA * log_volume(columns).mean()

    def apply(self, loss, model, adam):
        adam.zero_grad()
        loss.backward(inputs=list(model.parameters()))
        adam.step()

    def __call__(self):
        self.apply(self.energy_loss(), self.energy, self.energy_adam)
        self.apply(self.generator_loss(), self.generator, self.generator_adam)


METHODS = (Tangents, ForwardMode, DoubleBackward)


def check():
    """All methods, from one state and with the same random numbers, must give the same losses and gradients."""
    torch.set_default_dtype(torch.float64)
    global WEIGHT, MARGIN
    # With the margin of the setting the penalty is cut off at the start and would not be checked.
    WEIGHT, MARGIN = 0.1, 0.0
    results = []
    for method in METHODS:
        for volume_gradient in (False, True):
            step = Step(method(), volume_gradient)
            for _ in range(20):
                step.generator(torch.randn(BATCH, LATENT, device=DEVICE))
            torch.manual_seed(1)
            values = []
            for loss, model in ((step.energy_loss(), step.energy), (step.generator_loss(), step.generator)):
                gradients = torch.autograd.grad(loss, list(model.parameters()), allow_unused=True)
                values += [loss.detach().reshape(1)]
                values += [torch.zeros(1, device=DEVICE) if g is None else g.flatten() for g in gradients]
            results.append(torch.cat(values))
    worst = max((r - results[0]).abs().max().item() for r in results)
    size = results[0].abs().max().item()
    print(f"largest difference {worst:.1e} between methods, in values up to {size:.2g}")
    if not worst < 1e-10 * max(size, 1.0):
        raise SystemExit("the methods disagree")


def rate(step, blocks, length, warm_up, finish):
    """Steps a second of each block; `finish` waits for what a GPU may still have to do."""
    for _ in range(warm_up):
        step()
    finish()
    rates = []
    for _ in range(blocks):
        start = time.perf_counter()
        for _ in range(length):
            step()
        finish()
        rates.append(length / (time.perf_counter() - start))
    return rates


def processor():
    try:
        with open("/proc/cpuinfo") as lines:
            return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def main():
    global DEVICE
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--blocks", type=int, default=11, help="timed blocks; the median counts")
    parser.add_argument("--length", type=int, default=100, help="steps a block")
    parser.add_argument("--warm-up", type=int, default=100, help="steps before the first block")
    parser.add_argument("--json", metavar="FILE", help="write the results there too")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="cuda: on the first GPU, and timed to its end")
    parser.add_argument("--check", action="store_true", help="compare the methods with each other and stop")
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        parser.error("--device cuda: this PyTorch finds no GPU")
    DEVICE = options.device
    if options.check:
        return check()

    finish = torch.cuda.synchronize if options.device == "cuda" else lambda: None
    results = []
    for threads in options.threads:
        torch.set_num_threads(threads)
        for volume_gradient in (False, True):
            for method in METHODS:
                rates = rate(Step(method(), volume_gradient), options.blocks, options.length, options.warm_up, finish)
                result = {
                    "method": method.name,
                    "volume_gradient": volume_gradient,
                    "threads": threads,
                    "steps_per_second": statistics.median(rates),
                    "slowest_block": min(rates),
                    "fastest_block": max(rates),
                }
                results.append(result)
                print(
                    f"{threads} thread(s), {method.name:22}, volume gradient {'computed' if volume_gradient else 'known: 0'}: "
                    f"{result['steps_per_second']:7.1f} steps/s, blocks {min(rates):.1f} to {max(rates):.1f}",
                    flush=True,
                )
    report = {
        "step": "25-gaussians, released toy setting",
        "torch": torch.__version__,
        "processor": processor(),
        "device": options.device,
        "blocks": options.blocks,
        "steps_per_block": options.length,
        "results": results,
        "fastest": max(results, key=lambda r: r["steps_per_second"]),
    }
    print(json.dumps(report["fastest"]))
    if options.json:
        with open(options.json, "w") as file:
            json.dump(report, file, indent=2)


if __name__ == "__main__":
    main()
