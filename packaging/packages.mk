# Packages, included by the Makefile. What is installed stands here once, for both formats.

plugindir ?= $(PREFIX)/lib/nagios/plugins
zshdir ?= $(PREFIX)/share/zsh/site-functions
unitdir ?= $(PREFIX)/lib/systemd/system
tmpfilesdir ?= $(PREFIX)/lib/tmpfiles.d
# Where Icinga Notifications looks for channels.
channelsdir ?= $(PREFIX)/libexec/icinga-notifications/channels
packages = $(CARGO_TARGET_DIR)/packages
release-packages = $(CARGO_TARGET_DIR)/release-packages
architecture = $(shell dpkg --print-architecture)
ARCHITECTURES ?= amd64 arm64
name = monitoring-plugins-axigen

.PHONY: packages release repository install-package

# .deb and .rpm of programs built with plain cargo: they run where glibc is as new as here.
packages:
	packaging/setup.sh
	rm -rf $(packages)
	packaging/build-bin.sh $(packages)/bin/$(architecture)
	packaging/build-deb.sh $(packages)/bin/$(architecture) $(packages)
	packaging/build-rpm.sh $(packages)/bin/$(architecture) $(packages)
	cd $(packages) && sha256sum -- *.deb *.rpm >SHA256SUMS

# The same for glibc 2.28 and later, built twice and compared: $(release-packages)
release:
	packaging/setup.sh release
	packaging/release.sh $(release-packages) $(ARCHITECTURES)

# An APT repository of the released packages, signed with KEY: $(CARGO_TARGET_DIR)/repository
repository:
	packaging/setup.sh reprepro:reprepro gpg:gpg
	packaging/repository.sh $(release-packages) "$(KEY)" $(CARGO_TARGET_DIR)/repository

# What both formats have in common; DESTDIR, `release`, the directory of the programs, and `machine`, their processor, are
# theirs to give. What `make install` leaves for the administrator to put in place is in place here.
install-package: install
	rm -r $(share)/$(name)/config $(share)/$(name)/systemd $(share)/$(name)/tmpfiles.d
	install -D -m 644 packaging/icinga2/$(name).conf $(share)/icinga2/include/plugins-contrib.d/$(name).conf
	install -D -m 640 packaging/config/pushover.toml $(DESTDIR)/etc/$(name)/pushover.toml
	install -D -m 640 packaging/config/channel/pushover.toml $(DESTDIR)/etc/$(name)/channel/pushover.toml
	install -d $(DESTDIR)$(channelsdir)
	ln -sfr $(DESTDIR)$(plugindir)/pushover_channel $(DESTDIR)$(channelsdir)/x_pushover
	install -D -m 644 -t $(DESTDIR)$(unitdir) packaging/systemd/*
	install -D -m 644 -t $(DESTDIR)$(tmpfilesdir) packaging/tmpfiles.d/$(name).conf
	install -d -m 700 $(DESTDIR)/var/spool/$(name) $(DESTDIR)/var/spool/$(name)-channel
	packaging/sbom.sh $(machine) >$(share)/$(name)/sbom.cdx.json
	packaging/third-party.sh $(machine) > THIRD-PARTY-LICENSES
