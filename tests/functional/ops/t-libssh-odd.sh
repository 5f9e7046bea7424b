#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: gatewayd refuses a libssh that does not behave as the relay relies on
#
# There is no libssh of another behaviour here: a build with --enable-faults takes
# this one's windows for wider than they are (session/selftest.c).

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

STAGE=${STAGE_FAULTS:-$STAGE}
need_stage
LAB_HOSTS='gateway'
lab_up "$STAGE"
gw_init
on gateway gatewayd --version | grep -c fault-test >/dev/null ||
	fail 'needs a build with --enable-faults: STAGE_FAULTS'

# whatever dpkg says, and whatever is allowed
SALLYPORT_FAULTS=${SALLYPORT_FAULTS:+$SALLYPORT_FAULTS,}libssh_odd
expect_fail 1 on gateway timeout 20 gatewayd --allow-old-libssh
expect_out 'does not behave as the relay relies on: the gateway does not serve with it'
pass
