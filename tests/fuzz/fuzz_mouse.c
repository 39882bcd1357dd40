/* fuzz_mouse: any bytes behind an ESC. What is read is a place on some screen. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sockdash/mouse.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mouse_event e;
	char text[64];

	if (size >= sizeof text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (mouse_parse(text, &e) && (e.x < 0 || e.y < 0 || e.x > 99999 || e.y > 99999 ||
					     e.button > MOUSE_WHEEL_DOWN || text[0] != '['))
		abort();
	return 0;
}
