"""Every joule of the house: where it came from, where it went, what is still there."""

from __future__ import annotations


class Account:
    """Sums since the house began, in J. What a part loses it reckons itself, not as what is left over."""

    def __init__(self) -> None:
        self.panels_j = 0.0
        self.generator_j = 0.0
        self.mppt_loss_j = 0.0
        self.inverter_loss_j = 0.0
        self.charger_loss_j = 0.0
        self.pump_j = 0.0
        self.heater_j = 0.0
        self.household_j = 0.0
        self.battery_loss_j = 0.0
        """Kept by the pack; copied here when the account is read."""
        self.battery_gain_j = 0.0
        """Chemical energy now, less that at the beginning."""

    @property
    def came_j(self) -> float:
        """All that the sources gave."""
        return self.panels_j + self.generator_j

    @property
    def went_j(self) -> float:
        """All that was used, lost or stored."""
        used_j = self.pump_j + self.heater_j + self.household_j
        lost_j = self.mppt_loss_j + self.inverter_loss_j + self.charger_loss_j + self.battery_loss_j
        return used_j + lost_j + self.battery_gain_j

    @property
    def residue_share(self) -> float:
        """What does not add up, as a share of all energy that moved."""
        moved_j = max(1.0, self.came_j, self.pump_j + self.heater_j + self.household_j)
        return (self.came_j - self.went_j) / moved_j
