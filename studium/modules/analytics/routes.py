"""Analytics: figures for learners, instructors and admins."""

from studium.kit.routing import Router

router = Router("/analytics", tag="analytics")
