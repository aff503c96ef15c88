"""ResNet-18 (He et al., CVPR 2016), with a width; at width 64 it is torchvision's, layer for layer and name for name.

It is written out here because importing torchvision takes about twice as long as importing PyTorch, and every job that
classifies would pay for it.
"""

from torch import Tensor, nn
from torch.nn import functional as F


def _conv3x3(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, kernel_size=3, stride=stride, padding=1, bias=False)


class BasicBlock(nn.Module):
    """Two 3x3 convolutions with batch norm, and a shortcut around them: (N, inputs, h, w) -> (N, outputs, h', w')."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = _conv3x3(inputs, outputs, stride), nn.BatchNorm2d(outputs)
        self.conv2, self.bn2 = _conv3x3(outputs, outputs), nn.BatchNorm2d(outputs)
        self.downsample: nn.Module = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block."""
        inner = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(inner)) + self.downsample(x))


class ResNet18(nn.Module):
    """Logits of an image: (N, 3, S, S) float32 -> (N, classes).

    Not in the paper, which names no network: StarGAN, whose protocol it follows, measures with ResNet-18. `width` is
    the channels of the first stage; the others have 2, 4 and 8 times as many. The stem (7x7 convolution of stride 2,
    max pooling) is kept for small crops as well: on rendered faces of 64 pixels, leaving out the pooling doubled the
    time of a step, and in equal time reached 91 % where the whole network reached 97 %.
    """

    def __init__(self, classes: int, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, kernel_size=7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        self.layer1 = self._stage(width, width, 1)
        self.layer2 = self._stage(width, 2 * width, 2)
        self.layer3 = self._stage(2 * width, 4 * width, 2)
        self.layer4 = self._stage(4 * width, 8 * width, 2)
        self.fc = nn.Linear(8 * width, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    @staticmethod
    def _stage(inputs: int, outputs: int, stride: int) -> nn.Sequential:
        return nn.Sequential(BasicBlock(inputs, outputs, stride), BasicBlock(outputs, outputs, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Logits."""
        x = self.maxpool(F.relu(self.bn1(self.conv1(x))))  # (N, w, S/4, S/4)
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))  # (N, 8w, S/32, S/32)
        return self.fc(x.mean(dim=(2, 3)))  # (N, classes)
