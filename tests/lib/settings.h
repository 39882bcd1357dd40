/* Settings of a tracker with everything as it is by itself. */
#ifndef TESTS_LIB_SETTINGS_H
#define TESTS_LIB_SETTINGS_H

#include "sockdash/sample.h"

/* Good until the next call. */
static inline const struct tracker_settings *standard_settings(double window_s)
{
	static struct tracker_settings s;

	s.window_s = window_s;
	audit_settings_init(&s.audit);
	return &s;
}

#endif
