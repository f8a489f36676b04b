"""Attaching in native mode to real drivers: virtio with several queues."""

from __future__ import annotations

from lab.machines.lab import Lab

NATIVE = 1  # XDP_ATTACHED_DRV, of <linux/if_link.h>


def attach(lab: Lab) -> None:
    """Both interfaces, as the command line and as the kernel say."""
    lab.gateway.guard()
    lab.gateway.wicket("detach")
    for name in lab.gateway.interfaces:
        with lab.table.row(
            "attach", f"wicket attach {name} --mode native", "native, to the command line and to the kernel"
        ) as row:
            state = lab.gateway.wicket("attach", name, "--mode", "native")
            (link,) = lab.edge.json(f"ip -details -json link show dev {name}")
            mode = link.get("xdp", {}).get("mode")
            driver = lab.edge.run(f"basename $(readlink /sys/class/net/{name}/device/driver)").strip()
            queues = lab.edge.run(f"ls -d /sys/class/net/{name}/queues/tx-* | wc -l").strip()
            row.see(
                f"{state['mode']}, kernel's mode {mode}, {driver}, {queues} queues",
                state["mode"] == "native" and mode == NATIVE,
            )
    lab.gateway.release()
