/**
 * The first process of a host in namespaces. Arguments: a folder to cover with a tmpfs, the short host name, and
 * folders that stay the machine's own wherever they are. It prints `ready`, and then only reaps orphans.
 */
export const namespaceInit = `
set -eu
stage=$1 name=$2
shift 2
mount --make-rprivate /
mount -t tmpfs -o mode=0755 tmpfs "$stage"
number=0
for share do
  number=$((number + 1))
  mkdir -p "$stage/share$number"
  mount --rbind "$share" "$stage/share$number"
done
# Always above a tmpfs: an overlay cannot keep its changes in another overlay, and a container's disk is one.
for top in etc var; do
  mkdir "$stage/$top" "$stage/$top.work"
  mount -t overlay overlay -o "lowerdir=/$top,upperdir=$stage/$top,workdir=$stage/$top.work" "/$top"
done
mount -t tmpfs -o mode=0755 tmpfs /run
mkdir -m 1777 /run/tmp
number=0
for share do
  number=$((number + 1))
  mkdir -p "$share"
  mount --rbind "$stage/share$number" "$share"
done
# What the machine itself has from Puppet is not for a new host.
rm -rf /etc/facter /etc/puppetlabs/facter /var/lib/puppet/ssl /var/cache/puppet/state /var/cache/puppet/public
hostname "$name"
echo ready
sleep infinity &
while :; do wait; done
`;
