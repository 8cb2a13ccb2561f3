// SPDX-License-Identifier: Apache-2.0
#ifndef MUSTER_CZLIB_SHIM_H
#define MUSTER_CZLIB_SHIM_H

#include <zlib.h>

// `inflateInit2` and `deflateInit2` are macros, which Swift does not import.

/// Begins to inflate one member of a gzip file (16: a gzip header is required; 15: the largest window); Z_OK on success.
static inline int muster_gzip_begin(z_stream *stream) {
    return inflateInit2(stream, 15 + 16);
}

/// Begins to write one member of a gzip file; Z_OK on success.
static inline int muster_gzip_begin_writing(z_stream *stream, int level) {
    return deflateInit2(stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
}

#endif
