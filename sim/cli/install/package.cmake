# A Debian package of what `cmake --install` puts in its places: `cmake --build FOLDER --target package`. It is
# hardened and the same each time only as scripts/package.sh configures it.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_CONTACT "dgsim developers <dgsim@dgsim.invalid>") # .invalid: there is no such place, by RFC 2606
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "simulator and fault injection for message delivery guarantees")
set(CPACK_PACKAGE_DESCRIPTION
"dgsim models producers, brokers, consumers and the stores around them. It
loses acknowledgements, cuts networks and crashes processes, gives every
guarantee the same bad luck, and counts what was lost, what was duplicated
and what it cost.

It also tries a consumer of the user's own, in any language, against every
fault that its message broker's contract allows. The header of plug-ins, with
its pkg-config file and its CMake package, is included.")
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS gnuplot-nox)
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "bash-completion, gcc, libc6-dev, pkg-config, postgresql, python3")
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_SOURCE_DIR}/debian.cmake)
include(CPack)
