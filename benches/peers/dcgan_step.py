"""Forward, backward and a whole training step of the CIFAR-10 DCGAN pair, in eager PyTorch: the peer of benches/dcgan.rs.

Both nets are those of the released settings. The whole step is `sv` with two iterations of the solver and `gp` with one random
projection. Its derivatives are taken as eager users take them: J v by two backward passes (the second through the first),
the gradient penalty with `create_graph=True`. See README.md beside this file.
"""

import argparse
import json
import math
import statistics
import time

import torch
from torch import nn

LATENT, BATCH, SOLVER_STEPS = 128, 64, 2
WEIGHT, LAMBDA = 1e-3, 1e-4
# Named at each tensor: a default device of PyTorch's costs time at each of its functions.
DEVICE = "cpu"


def energy_net():
    """3x32x32 -> 1, 2,935,873 parameters."""

    def block(inputs, outputs, kernel, stride):
        return [nn.Conv2d(inputs, outputs, kernel, stride, 1), nn.LeakyReLU(0.1)]

    layers = block(3, 64, 3, 1) + block(64, 64, 4, 2) + block(64, 128, 3, 1) + block(128, 128, 4, 2)
    layers += block(128, 256, 3, 1) + block(256, 256, 4, 2) + block(256, 512, 3, 1)
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(4 * 4 * 512, 1), nn.Flatten(0))


def generator_net():
    """128 -> 3x32x32, 3,812,355 parameters."""

    def block(inputs, outputs):
        return [nn.ConvTranspose2d(inputs, outputs, 4, 2, 1), nn.BatchNorm2d(outputs), nn.ReLU()]

    layers = [nn.Linear(LATENT, 4 * 4 * 512), nn.Unflatten(1, (512, 4, 4))]
    layers += block(512, 256) + block(256, 128) + block(128, 64)
    return nn.Sequential(*layers, nn.Conv2d(64, 3, 3, 1, 1), nn.Tanh())


def count(net):
    return sum(p.numel() for p in net.parameters())


def pullback(generator, z, u):
    """J^T u [B, d]."""
    z = z.detach().requires_grad_()
    return torch.autograd.grad(generator(z), z, u)[0]


def pushforward(generator, z, v):
    """(G(z), J v): the derivative in u of J^T u, along v."""
    z = z.detach().requires_grad_()
    x = generator(z)
    u = torch.zeros_like(x, requires_grad=True)
    (image,) = torch.autograd.grad(x, z, u, create_graph=True)
    return x, torch.autograd.grad(image, u, v, create_graph=True)[0]


def smallest_vectors(generator, z, steps):
    """Right singular vectors [B, d] of nearly the smallest singular value: Rayleigh-Ritz on span{x, residual, last step}."""

    def gram(v):
        jv = pushforward(generator, z, v)[1]
        return pullback(generator, z, jv.detach())

    x = nn.functional.normalize(torch.randn_like(z), dim=1)
    ax, last = gram(x), None
    for _ in range(steps):
        w = nn.functional.normalize(ax - (x * ax).sum(1, keepdim=True) * x, dim=1)
        basis, images = [x, w], [ax, gram(w)]
        if last is not None:
            basis, images = basis + [last[0]], images + [last[1]]
        v, av = torch.stack(basis, dim=2), torch.stack(images, dim=2)
        # V = Q R, so A Q = (A V) R^-1: images are carried along, never computed twice.
        q, r = torch.linalg.qr(v)
        aq = torch.linalg.solve_triangular(r, av, upper=True, left=False)
        coefficients = torch.linalg.eigh(q.transpose(1, 2) @ aq)[1][:, :, :1]
        new, a_new = (q @ coefficients).squeeze(2), (aq @ coefficients).squeeze(2)
        along = (new * x).sum(1, keepdim=True)
        step, a_step = new - along * x, a_new - along * ax
        length = step.norm(dim=1, keepdim=True)
        last = step / length, a_step / length
        x, ax = new, a_new
    return x.detach()


class Step:
    """Both players, their optimisers, and one iteration."""

    def __init__(self):
        torch.manual_seed(0)
        self.energy, self.generator = energy_net().to(DEVICE), generator_net().to(DEVICE)
        adam = dict(lr=5e-5, betas=(0.0, 0.999), eps=1e-6, fused=True)
        self.energy_adam = torch.optim.Adam(self.energy.parameters(), **adam)
        self.generator_adam = torch.optim.Adam(self.generator.parameters(), **adam)

    def energy_step(self):
        z, v = torch.randn(BATCH, LATENT, device=DEVICE), torch.randn(BATCH, LATENT, device=DEVICE)
        self.generator.eval()
        x, jv = pushforward(self.generator, z, v)
        self.generator.train()
        x = x.detach().requires_grad_()
        generated = self.energy(x)
        (gradient,) = torch.autograd.grad(generated.sum(), x, create_graph=True)
        residual = ((gradient * jv.detach()).flatten(1).sum(1) - (v * z).sum(1)).square() / 2
        data = torch.randn(BATCH, 3, 32, 32, device=DEVICE)
        loss = self.energy(data).mean() - generated.mean() + torch.relu(WEIGHT * residual.mean())
        self.energy_adam.zero_grad()
        loss.backward(inputs=list(self.energy.parameters()))
        self.energy_adam.step()

    def generator_step(self):
        z = torch.randn(BATCH, LATENT, device=DEVICE)
        loss = self.energy(self.generator(z)).mean()
        self.generator.eval()
        v = smallest_vectors(self.generator, z, SOLVER_STEPS)
        jv = pushforward(self.generator, z, v)[1]
        entropy = LATENT * jv.flatten(1).norm(dim=1).log().mean() + LATENT / 2 * math.log(2 * math.pi * math.e)
        self.generator.train()
        loss = loss - LAMBDA * entropy
        self.generator_adam.zero_grad()
        loss.backward(inputs=list(self.generator.parameters()))
        self.generator_adam.step()

    def __call__(self):
        self.energy_step()
        self.generator_step()


def passes(net, inputs):
    """A function that runs the net forwards and backwards, to the gradients of its parameters."""
    parameters = list(net.parameters())

    def run():
        torch.autograd.grad(net(inputs).square().sum(), parameters)

    return run


def seconds(run, repeats, finish, warm_up=2):
    """Seconds of each run; `finish` waits for what a GPU may still have to do."""
    for _ in range(warm_up):
        run()
    finish()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        finish()
        times.append(time.perf_counter() - start)
    return times


def main():
    global DEVICE
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--only", choices=["energy", "generator", "step"])
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="cuda: on the first GPU, and timed to its end")
    parser.add_argument("--tf32", action="store_true", help="let a GPU round factors to TF32 (PyTorch's default for convolutions)")
    parser.add_argument("--channels-last", action="store_true", help="keep images as PyTorch's channels-last")
    parser.add_argument("--json", metavar="FILE", help="write the results there too")
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        parser.error("--device cuda: this PyTorch finds no GPU")
    torch.set_num_threads(options.threads)
    DEVICE = options.device
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = options.tf32
    torch.backends.cudnn.benchmark = True
    torch.manual_seed(0)
    finish = torch.cuda.synchronize if options.device == "cuda" else lambda: None

    energy, generator = energy_net().to(DEVICE), generator_net().to(DEVICE)
    assert (count(energy), count(generator)) == (2_935_873, 3_812_355)
    images, latents = torch.randn(BATCH, 3, 32, 32, device=DEVICE), torch.randn(BATCH, LATENT, device=DEVICE)
    if options.channels_last:
        energy, generator = (net.to(memory_format=torch.channels_last) for net in (energy, generator))
        images = images.to(memory_format=torch.channels_last)
    runs = {"energy": passes(energy, images), "generator": passes(generator, latents), "step": Step()}
    results = {}
    for name, run in runs.items():
        if options.only in (None, name):
            times = seconds(run, options.repeats, finish)
            results[name] = {"least": min(times), "median": statistics.median(times), "most": max(times)}
            print(f"{name:10} {1e3 * min(times):8.1f} ms least, {1e3 * statistics.median(times):8.1f} ms median", flush=True)
    if options.json:
        with open(options.json, "w") as file:
            report = {"torch": torch.__version__, "threads": options.threads, "device": options.device, "tf32": options.tf32}
            json.dump(report | {"channels_last": options.channels_last, "results": results}, file, indent=2)


if __name__ == "__main__":
    main()
