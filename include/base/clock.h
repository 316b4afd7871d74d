#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

/*
 * Time.  clock_wall() is the calendar (and may jump); clock_mono_ms() is for
 * intervals (and never goes back).  Tests set the wall clock with clock_set();
 * nothing else in the program calls time(2) or clock_gettime(2).  Any thread.
 */
int64_t clock_wall(void);                /* seconds since 1970 */
int64_t clock_wall_us(void);             /* microseconds since 1970 */
uint64_t clock_mono_ms(void);
uint64_t clock_mono_us(void);            /* the same in microseconds */
void clock_set(int64_t wall);            /* tests; negative: the real clock again */

extern const char clock_months[12][4];   /* "Jan" to "Dec" */

enum { CLOCK_TEXT = 40 };                /* room for any of the texts below */

/* "Fri, 20 Nov 2026 10:14:00 +0000" (RFC 5322 3.3), in the machine's zone. */
void clock_rfc5322(char out[CLOCK_TEXT], int64_t wall);
/* "Fri, 20 Nov 2026 10:14:00 GMT" (RFC 9110 5.6.7). */
void clock_http(char out[CLOCK_TEXT], int64_t wall);
/* "2026-11-20T10:14:00Z" (RFC 3339). */
void clock_rfc3339(char out[CLOCK_TEXT], int64_t wall);

#endif
