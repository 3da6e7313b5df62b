"""The safety gate: which commands and leases may be sent to devices, in each state of the rig.

The states, and the events that lead from one to another:

========  =====================================================  =======================
from      event                                                  to
========  =====================================================  =======================
idle      arm, and every condition holds (`Conditions`)          armed
armed     a valid estimate on good data, then the device's word  active
          that it is live at its safe amount
armed     60 s without (and the calibration, where one is        idle
          under way), or disarm
active    data suspect, late or silent; an answer missing; a     hold
          way down or too many commands refused; a lapse
hold      no flaw for ``resume_s``                               active
hold      no such end within ``hold_s_max``                      safe
active,   pause by an operator                                   paused
hold
paused    resume by an operator, conditions of staying hold,     active
          good data for ``resume_s``
active,   disarm                                                 idle, devices to safe
hold,
paused
any       stop, failure in the service                           safe, devices to safe
armed,    limit violation, broker or device lost, another        safe, devices to safe
active,   device or sender, step of a clock, data from
hold,     the future, too many lapses
paused
paused    a device that does not come to its safe amount within  safe, devices to safe
          its way down and ``hold_s_max``
safe      arm by an operator, and every condition holds          armed
========  =====================================================  =======================

A lapse is a lease that ended at the device, or a stall of the service longer than a lease.
"""
