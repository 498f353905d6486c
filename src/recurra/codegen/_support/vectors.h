/* Mathematics on vectors, named v_<the operation of torch>, with torch's values for NaN,
 * infinities and signed zeros. lanes.h has the types and the macros that choose them.
 *
 *   elementwise.h    exact operations: abs, floor, maximum, sqrt, ...
 *   exponentials.h   exp, exp2, expm1
 *   squashing.h      sigmoid, tanh
 *   logarithms.h     log, log2, log1p
 *   trigonometry.h   sin, cos
 *   lanewise.h       what is rare, one lane after the other by the C library
 */
#ifndef RECURRA_VECTORS_H
#define RECURRA_VECTORS_H

#include "lanes.h"

#include "elementwise.h"
#include "exponentials.h"
#include "lanewise.h"
#include "logarithms.h"
#include "squashing.h"
#include "trigonometry.h"

#endif
