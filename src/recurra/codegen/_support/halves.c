/* Matrix products with weights in bfloat16, compiled where they are asked for; see matmul.h. */
#include "bfloat16.h"
