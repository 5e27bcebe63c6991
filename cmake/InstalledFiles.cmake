# What is installed in addition to the program. cmake/CPackSettings.cmake makes the .deb and the .rpm from it.

include(GNUInstallDirs)
set(packaged ${PROJECT_BINARY_DIR}/packaging)
set(packaged_files "")

# package_gzipped(<file> <source> <command>): FILE.gz is what the command makes of the source.
function(package_gzipped file source command)
  add_custom_command(OUTPUT ${packaged}/${file}.gz DEPENDS ${source} VERBATIM
    COMMAND sh -c "mkdir -p '${packaged}' && ${command} <'${source}' >'${packaged}/${file}' && gzip -9nf '${packaged}/${file}'")
  set(packaged_files ${packaged_files} ${packaged}/${file}.gz PARENT_SCOPE)
endfunction()

# Man pages, if scdoc is installed.
find_program(RENEWD_SCDOC scdoc)
mark_as_advanced(RENEWD_SCDOC)
if(RENEWD_SCDOC)
  set(render "${PROJECT_SOURCE_DIR}/docs/man/render '${RENEWD_SCDOC}'")
  package_gzipped(gravitee-renewd.8 ${PROJECT_SOURCE_DIR}/docs/man/gravitee-renewd.8.scd ${render})
  package_gzipped(gravitee-renewd.yaml.5 ${PROJECT_SOURCE_DIR}/docs/man/gravitee-renewd.yaml.5.scd ${render})
  install(FILES ${packaged}/gravitee-renewd.8.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man8)
  install(FILES ${packaged}/gravitee-renewd.yaml.5.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man5)
endif()

# The documents of an operator, beside each other as in the sources so that their links work.
file(GLOB documents CONFIGURE_DEPENDS docs/*.md)
list(FILTER documents EXCLUDE REGEX "/(architecture|benchmarks).md$")
install(FILES ${documents} DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs)
install(DIRECTORY docs/deployments docs/soak DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs)
install(FILES SECURITY.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES config/config.yaml config/config.schema.json DESTINATION ${CMAKE_INSTALL_DOCDIR}/config)
install(DIRECTORY config/grafana config/logs config/prometheus DESTINATION ${CMAKE_INSTALL_DOCDIR}/config)
install(FILES packaging/completions/gravitee-renewd.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
        RENAME gravitee-renewd)

# Files whose place depends on the distribution, or that only a package contains.
set(only_deb COMPONENT deb EXCLUDE_FROM_ALL)
set(only_rpm COMPONENT rpm EXCLUDE_FROM_ALL)
package_gzipped(changelog ${PROJECT_SOURCE_DIR}/CHANGELOG.md cat)
string(TIMESTAMP RENEWD_CHANGED "%a, %d %b %Y %H:%M:%S +0000" UTC) # of SOURCE_DATE_EPOCH, if it is set
configure_file(packaging/deb/changelog.in packaging/changelog.Debian.txt @ONLY)
package_gzipped(changelog.Debian ${packaged}/changelog.Debian.txt cat)
install(FILES ${packaged}/changelog.gz ${packaged}/changelog.Debian.gz packaging/copyright
        DESTINATION ${CMAKE_INSTALL_DOCDIR} ${only_deb})
install(FILES packaging/deb/lintian-overrides DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides
        RENAME gravitee-renewd ${only_deb})
install(FILES packaging/completions/_gravitee-renewd DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions
        ${only_deb})
install(FILES LICENSE packaging/copyright DESTINATION ${CMAKE_INSTALL_DATADIR}/licenses/gravitee-renewd ${only_rpm})
install(FILES packaging/completions/_gravitee-renewd DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions
        ${only_rpm})
# The directory of the configuration, without a configuration: `init` or the operator writes it. The packages set the group
# on installation, because it may not exist on the build host.
foreach(package IN ITEMS deb rpm)
  install(DIRECTORY DESTINATION /etc/gravitee-renewd DIRECTORY_PERMISSIONS
          OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE COMPONENT ${package} EXCLUDE_FROM_ALL)
endforeach()
# The .rpm lists the configuration as %ghost, without this content (cmake/CPackSettings.cmake).
file(CONFIGURE OUTPUT ${packaged}/config.yaml CONTENT "# Nothing is configured yet.\n")
install(FILES ${packaged}/config.yaml DESTINATION /etc/gravitee-renewd PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ ${only_rpm})

add_custom_target(packaged_files ALL DEPENDS ${packaged_files})
include(CPackSettings)
