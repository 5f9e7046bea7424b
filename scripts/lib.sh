# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# lib.sh - everything scripts and tests need around the lab, in one source line:
#
#   lib/check.sh   fail, pass, skip, wait_for, expect_ok, expect_fail ...
#   lib/lab.sh     lab_up, lab_down, on, on_as ...: the hosts and their networks
#   lib/hosts.sh   what runs on them: sshd on the targets, rsyslog on the SIEM host
#   lib/gateway.sh gw_start, enroll, request ...: a running Sallyport in the lab
#
# Needs bash and, for the lab, root. Sourcing it starts nothing.

LAB_LIB=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)/lib

# shellcheck source=scripts/lib/check.sh
. "$LAB_LIB/check.sh"
# shellcheck source=scripts/lib/lab.sh
. "$LAB_LIB/lab.sh"
# shellcheck source=scripts/lib/hosts.sh
. "$LAB_LIB/hosts.sh"
# shellcheck source=scripts/lib/gateway.sh
. "$LAB_LIB/gateway.sh"
