# Sourced in the checkout's root: what `vagrant` needs to know. `. vagrant/host/environment.sh; vagrant ssh edge`
export VAGRANT_CWD=$PWD/vagrant
export VAGRANT_HOME=$PWD/build/machines/home           # boxes, apart from the user's own
export VAGRANT_DOTFILE_PATH=$PWD/build/machines/vagrant # which machines there are
export VAGRANT_CHECKPOINT_DISABLE=1
export VAGRANT_DEFAULT_PROVIDER=${VAGRANT_DEFAULT_PROVIDER:-libvirt}
export LIBVIRT_DEFAULT_URI=qemu:///system

# Two checkouts on one host live side by side: their machines, networks and boxes have names of their own.
WICKET_LAB=wicket-$(sha256sum <<<"$PWD" | cut -c1-6)
export WICKET_LAB
if [ -e build/box/inputs ]; then
	WICKET_OWN_BOX=$WICKET_LAB-$(cut -c1-12 build/box/inputs)
	export WICKET_OWN_BOX
fi

# As `vagrant-up` has found and chosen it: kvm or qemu, full or small.
if [ -s build/machines/variant ]; then
	read -r WICKET_ACCELERATOR WICKET_MACHINES <build/machines/variant
	export WICKET_ACCELERATOR WICKET_MACHINES
fi
