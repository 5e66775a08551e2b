"""The plane of a block of text: turned out of the picture, rotated in it, put at a place."""

from __future__ import annotations

import numpy as np

from ..rng import Floats

VIEW = 1.3  # the camera's distance, in long sides of the picture


def plane(box: Floats, tilt: tuple[float, float], rotation: float, distance: float) -> Floats:
    """(3, 3) map of points on a plane to px around the middle of `box` (left, top, right, bottom) on it.

    tilt: (yaw, pitch), rotation: degrees; distance: of the camera, px.
    """
    yaw, pitch = np.radians(tilt)
    turn = np.radians(rotation)
    about_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    both = about_x @ about_y
    seen = np.array([both[0], both[1], both[2] / distance])
    seen[:, 2] = (0, 0, 1)  # points of the plane have depth 0: the third column is free for the homogeneous 1
    cos, sin = np.cos(turn), np.sin(turn)
    rotate = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]])
    return np.asarray(rotate @ seen @ shift(-(box[:2] + box[2:]) / 2))


def shift(by: Floats) -> Floats:
    """(3, 3) translation."""
    return np.array([[1, 0, by[0]], [0, 1, by[1]], [0, 0, 1]])


def project(matrix: Floats, points: Floats) -> Floats:
    """(..., 2) points under a (3, 3) map."""
    moved = points @ matrix[:, :2].T + matrix[:, 2]
    return np.asarray(moved[..., :2] / moved[..., 2:])
