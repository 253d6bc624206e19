"""Measures a camera from its frames."""

from calibration.photon_transfer import FramePair, PhotonTransfer, TemporalMoments, photon_transfer, temporal_moments

__all__ = ["FramePair", "PhotonTransfer", "TemporalMoments", "photon_transfer", "temporal_moments"]
