// SPDX-License-Identifier: Apache-2.0
#ifndef MUSTER_CQRENCODE_SHIM_H
#define MUSTER_CQRENCODE_SHIM_H

#include <qrencode.h>

#endif
