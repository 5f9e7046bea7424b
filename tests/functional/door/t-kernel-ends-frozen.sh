#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: with supervisor, broker, notary and firewall frozen the kernel ends session and stream on time

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"
# shellcheck source=tests/functional/tools/kernel_ends.sh
. "$(dirname -- "$0")/../tools/kernel_ends.sh"

kernel_ends gw_freeze
pass
