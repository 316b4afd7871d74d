#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* Bytes from the kernel (getrandom); waits for the entropy pool at boot and
 * ends the process if the kernel has none to give.  Any thread. */
void random_bytes(void *out, size_t len);
uint64_t random_u64(void);

#endif
