# Two hosts in network namespaces, the first with the server, the second with Avahi. Ends with the shell.
# $1: the server's program, $2: an empty folder. Prints what Avahi finds, "ended", and what it finds then.
folder=$2
mount -t tmpfs none /run
ip link set lo up
ip netns add phone
ip link add home type veth peer name wifi netns phone
ip addr add 10.77.0.1/24 dev home
ip link set home up
ip netns exec phone ip link set lo up
ip netns exec phone ip addr add 10.77.0.2/24 dev wifi
ip netns exec phone ip link set wifi up

export DBUS_SYSTEM_BUS_ADDRESS="unix:path=$folder/bus"
cat > "$folder/bus.conf" <<CONF
<busconfig>
  <listen>$DBUS_SYSTEM_BUS_ADDRESS</listen>
  <policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/></policy>
</busconfig>
CONF
cat > "$folder/avahi.conf" <<CONF
[server]
use-ipv6=no
allow-interfaces=wifi
[publish]
disable-publishing=yes
CONF
dbus-daemon --config-file="$folder/bus.conf" --nofork --nopidfile &
"$1" serve --data "$folder/data" --library "$folder/photos" --listen 10.77.0.1:8420 > "$folder/server.log" 2>&1 &
server=$!

# Tries again until the bus and Avahi are up; a minute bounds a hang.
again() {
  tries=0
  until "$@"; do
    tries=$((tries + 1))
    if [ "$tries" -ge 120 ]; then
      cat "$folder/server.log" "$folder/avahi.log" >&2
      return 1
    fi
    sleep 0.5
  done
}
is_bus_up() { [ -S "$folder/bus" ]; }
browse() {
  for service in _http._tcp _https._tcp _webdav._tcp _webdavs._tcp; do
    timeout 20 avahi-browse --resolve --terminate --parsable --no-db-lookup "$service"
  done > "$folder/found" 2> "$folder/browse.log"
}
finds_all() { browse && [ "$(grep -c '^=' "$folder/found")" -ge 4 ]; }
finds_none() { browse && [ ! -s "$folder/found" ]; }

again is_bus_up
ip netns exec phone avahi-daemon --file "$folder/avahi.conf" --no-drop-root --no-chroot --no-rlimits > "$folder/avahi.log" 2>&1 &
again finds_all
cat "$folder/found"
kill "$server"
wait "$server"
echo ended
again finds_none
cat "$folder/found"
