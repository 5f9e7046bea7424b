#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# promise: without a certificate and key to serve HTTPS with, gatewayd does not say that it is ready, and names the file

# shellcheck source=tests/functional/lib.sh
. "$(dirname -- "$0")/../lib.sh"

need_stage
LAB_HOSTS='client gateway'
lab_up "$STAGE"
gw_init
api=/var/lib/sallyport/api
pub=/var/lib/sallyport/pub
on gateway mkdir -p /etc/lab
on gateway cp -a "$api" /etc/lab/api

refuses() { # refuses FILE ERE: gatewayd ends, and says this of the file
	gw_start_only
	wait_for 30 gw_gone
	OUT=$(gw_log)
	expect_out "api: .*$1.*$2"
	expect_out 'sallyport-api does not start: giving up'
	expect_no_out 'ready: doors are shut'
}
restore() {
	on gateway cp -a /etc/lab/api/. "$api"
}
pair() { # pair NAME DAYS: a fresh key and certificate, /etc/lab/NAME.{key,crt}
	on gateway openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 \
		-nodes -keyout "/etc/lab/$1.key" -out "/etc/lab/$1.crt" \
		-days "$2" -subj /CN=gateway 2>/dev/null
}
place() { # place FROM NAME: as the API's file
	on gateway install -m 600 -o sallyport-api "$1" "$api/$2"
}

echo '- missing'
on gateway rm "$api/tls.crt"
refuses "$api/tls.crt" 'No such file or directory; it must be a regular file'
restore
on gateway rm "$api/tls.key"
refuses "$api/tls.key" 'No such file or directory; it must be a regular file'
restore

echo '- there, but not for the API'
on gateway chown root "$api/tls.key"
refuses "$api/tls.key" 'Permission denied; it must be .* belongs to sallyport-api'
restore
on gateway chmod 644 "$api/tls.key"
refuses "$api/tls.key" 'owner or mode is wrong; .* mode 0600'
restore

echo '- something else'
put_file gateway "$api/tls.crt" 0600 sallyport-api <<<'no certificate'
refuses "$api/tls.crt" 'must hold certificates as PEM text'
restore
put_file gateway "$api/tls.key" 0600 sallyport-api <<<'no key'
refuses "$api/tls.key" 'must hold a private key as PEM text'
restore

echo '- a key that does not fit; a pair that clients do not know'
pair other 30
place /etc/lab/other.key tls.key
refuses "$api/tls.key" "is not the key of $api/tls.crt"
place /etc/lab/other.crt tls.crt
refuses "$api/tls.crt" "$pub/tls.spki .*clients know the second"
restore

echo '- a new certificate for the key that clients know, one that has expired: served'
on gateway sh -c 'openssl req -new -key "$1" -subj /CN=gateway |
	openssl x509 -req -signkey "$1" -days 0 -out /etc/lab/old.crt' - \
	"$api/tls.key" 2>/dev/null
expired() { ! on gateway openssl x509 -in /etc/lab/old.crt -checkend 0 -noout; }
wait_for 5 expired
place /etc/lab/old.crt tls.crt
gw_start
gw_said "$api/tls.crt has expired" || fail "$(gw_log)"
enroll admin "$(cat "$(gw_dir)/invitation")" client
expect_ok jit admin status
pass
