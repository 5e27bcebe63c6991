# The .deb and the .rpm: CPack's settings for both. scripts/package builds and checks them.

# Both packages print these next steps. The .rpm creates the user before its files.
file(READ ${PROJECT_SOURCE_DIR}/packaging/next-steps.txt RENEWD_NEXT_STEPS)
string(STRIP "${RENEWD_NEXT_STEPS}" RENEWD_NEXT_STEPS)
file(READ ${PROJECT_SOURCE_DIR}/systemd/gravitee-renewd.sysusers.conf RENEWD_SYSUSERS)
string(STRIP "${RENEWD_SYSUSERS}" RENEWD_SYSUSERS)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
  ${PROJECT_SOURCE_DIR}/packaging/next-steps.txt ${PROJECT_SOURCE_DIR}/systemd/gravitee-renewd.sysusers.conf)
set(scripts ${PROJECT_BINARY_DIR}/packaging/scripts)
foreach(script IN ITEMS deb/preinst deb/postinst deb/prerm deb/postrm rpm/pre rpm/post rpm/preun rpm/postun)
  configure_file(packaging/${script}.in ${scripts}/${script} @ONLY FILE_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
endforeach()

set(CPACK_PACKAGE_NAME gravitee-renewd)
set(CPACK_PACKAGE_CONTACT "gravitee-renewd maintainers <maintainers@gravitee-renewd.example>")
set(CPACK_PACKAGE_VENDOR "gravitee-renewd maintainers")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "renews the Gravitee Cloud certificate of a self-hosted gateway")
set(CPACK_PACKAGE_DESCRIPTION
"A self-hosted Gravitee gateway connects to Gravitee Cloud with a client
certificate that is valid for one year. This daemon watches the installed
keystore, requests a new certificate in time, refuses an answer that would
make things worse, replaces the keystore atomically, restarts the gateway, and
checks that the gateway is healthy again.")
set(CPACK_GENERATOR DEB RPM)
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/packages)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
# What each package contains in addition to the common files.
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_CURRENT_LIST_DIR}/CPackContents.cmake)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/CPackDates.cmake)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# In addition to the libraries: trusted CAs, the service and its user, time zones; polkit grants the right to restart the
# gateway.
set(CPACK_DEBIAN_PACKAGE_DEPENDS "ca-certificates, systemd, tzdata")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS polkitd)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${scripts}/deb/preinst ${scripts}/deb/postinst ${scripts}/deb/prerm ${scripts}/deb/postrm)

set(CPACK_RPM_FILE_NAME RPM-DEFAULT)
set(CPACK_RPM_PACKAGE_RELEASE 1)
set(CPACK_RPM_PACKAGE_SUMMARY "Renews the Gravitee Cloud certificate of a self-hosted gateway")
set(CPACK_RPM_PACKAGE_DESCRIPTION "${CPACK_PACKAGE_DESCRIPTION}")
set(CPACK_RPM_PACKAGE_LICENSE Apache-2.0)
set(CPACK_RPM_PACKAGE_GROUP "System Environment/Daemons")
set(CPACK_RPM_PACKAGE_RELOCATABLE OFF)
set(CPACK_RPM_COMPRESSION_TYPE xz)
set(CPACK_RPM_PACKAGE_AUTOREQPROV ON)
set(CPACK_RPM_PACKAGE_REQUIRES "ca-certificates, polkit, systemd, tzdata")
set(CPACK_RPM_PACKAGE_REQUIRES_PRE systemd)
set(CPACK_RPM_PRE_INSTALL_SCRIPT_FILE ${scripts}/rpm/pre)
set(CPACK_RPM_POST_INSTALL_SCRIPT_FILE ${scripts}/rpm/post)
set(CPACK_RPM_PRE_UNINSTALL_SCRIPT_FILE ${scripts}/rpm/preun)
set(CPACK_RPM_POST_UNINSTALL_SCRIPT_FILE ${scripts}/rpm/postun)
# No links to build ids: nobody has the debugging symbols that they refer to. CMake has stripped the program, and rpm does
# not do so again: both packages contain the same bytes. No name of the build machine, and with SOURCE_DATE_EPOCH no time of
# the build: the same sources make the same packages.
string(JOIN "\n" CPACK_RPM_SPEC_MORE_DEFINE
  "%define _build_id_links none"
  "%define __strip /bin/true"
  "%define _buildhost localhost"
  "%define use_source_date_epoch_as_buildtime 1")
# The configuration is not part of the package, but rpm must know it (%ghost): an upgrade from a version that shipped it as
# a configuration file would otherwise rename an edited one to config.yaml.rpmsave, and the service would not start.
set(CPACK_RPM_USER_FILELIST
  "%dir %attr(0750,root,gravitee-renewd) /etc/gravitee-renewd"
  "%ghost %config(noreplace) %attr(0640,root,gravitee-renewd) /etc/gravitee-renewd/config.yaml"
  "%license /usr/share/licenses/gravitee-renewd/LICENSE"
  "%license /usr/share/licenses/gravitee-renewd/copyright")
set(CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST_ADDITION
  /usr/lib/systemd /usr/lib/systemd/system /usr/lib/sysusers.d /usr/lib/tmpfiles.d /usr/share/bash-completion
  /usr/share/bash-completion/completions /usr/share/licenses /usr/share/man /usr/share/man/man5 /usr/share/man/man8
  /usr/share/zsh /usr/share/zsh/site-functions)

include(CPack)
