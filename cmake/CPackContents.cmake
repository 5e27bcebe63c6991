# Read by CPack for each package: what is installed for everybody, and what for this kind of package alone.
list(GET CPACK_INSTALL_CMAKE_PROJECTS 0 build)
string(TOLOWER "${CPACK_GENERATOR}" package)
set(CPACK_INSTALL_CMAKE_PROJECTS
  "${build};gravitee-renewd;Unspecified;/;${build};gravitee-renewd;${package};/")
