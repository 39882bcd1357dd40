/* version: of the program. */
#ifndef SOCKDASH_VERSION_H
#define SOCKDASH_VERSION_H

#define SOCKDASH_VERSION "0.1.0"

#endif
