"""Ito et al.'s transformation network: a U-Net that makes pictures unreadable to people and leaves them readable to a classifier.

The user trains it together with the provider of the classifier, who returns gradients and keeps the network (H. Ito,
Y. Kinoshita, H. Kiya, "A framework for transformation network training in coordination with semi-trusted cloud provider",
2020). `inverse_network` is their attack on it, which runs on the pictures of any scheme.
"""

from privacy.transformation.features import FEATURES, feature_network
from privacy.transformation.inverse_network import InversePlan, invert
from privacy.transformation.pairs import Pairs
from privacy.transformation.provider import Provider, provider_process, serve
from privacy.transformation.training import TransformationPlan, train_transformation
from privacy.transformation.unet import UNet

__all__ = [
    "FEATURES",
    "InversePlan",
    "Pairs",
    "Provider",
    "TransformationPlan",
    "UNet",
    "feature_network",
    "invert",
    "provider_process",
    "serve",
    "train_transformation",
]
