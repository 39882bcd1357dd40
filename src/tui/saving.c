/* What is written is the table of the pane in focus, with the rows, the order and the columns that it
 * has; JSON has all fields, as the command has it. */
#include "sockdash/saving.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sockdash/app.h"
#include "sockdash/ask.h"
#include "sockdash/fmt.h"

void saving_ask(struct app *a)
{
	if (a->secure)
		app_say(a, "no files are written: --secure");
	else if (!app_pane(a)->sample)
		app_say(a, "%s: there is nothing to write yet", app_pane(a)->pane->title);
	else
		ask(a, APP_SAVE);
}

void saving_offer(const struct app *a, char *out, size_t size)
{
	const struct pane_state *p = app_pane((struct app *)a);
	time_t seconds = (time_t)(p->sample->frame->wall_ns / 1000000000);
	char when[32] = "";
	struct tm tm;

	if (localtime_r(&seconds, &tm))
		strftime(when, sizeof when, "-%Y%m%d-%H%M%S", &tm);
	snprintf(out, size, "sockdash-%s%s.txt", p->pane->table->name, when);
}

/* ---- The job --------------------------------------------------------------------------------- */

/* "~/x" is in the home of the user; malloc'ed. */
static char *expand(const char *path)
{
	const char *home = getenv("HOME");
	struct buf b = { 0 };

	if (path[0] == '~' && path[1] == '/' && home && *home)
		buf_adds(&b, home);
	buf_adds(&b, b.len ? path + 1 : path);
	return b.failed ? NULL : b.data;
}

static enum save_format format_of(const char *path)
{
	static const struct {
		const char *end;
		enum save_format format;
	} ends[] = { { ".json", SAVE_JSON }, { ".csv", SAVE_CSV } };
	size_t len = strlen(path);

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		size_t end = strlen(ends[i].end);

		if (len > end && strcmp(path + len - end, ends[i].end) == 0)
			return ends[i].format;
	}
	return SAVE_TEXT;
}

void saving_take_path(struct app *a, const char *path)
{
	struct pane_state *p = app_pane(a);
	struct save_job *j = &a->saving;

	if (!*path || !p->sample)
		return;
	save_job_drop(j);
	*j = (struct save_job){
		.path = expand(path),
		.format = format_of(path),
		.table = p->table,
		.sample = sample_get(p->sample),
		.key = p->ordered_by,
	};
	if (j->format == SAVE_JSON)
		columns_all(j->table, j->sample->frame->owners_known, &j->columns);
	else
		pane_told_fields(p, a->full != APP_OVERVIEW, &j->columns);
	a->wishes_saving = j->path;
	if (!j->path)
		app_say(a, "out of memory: nothing is written");
}

void saving_take_answer(struct app *a, const char *answer)
{
	if (*answer == 'y' || *answer == 'Y') {
		a->saving.overwrite = a->wishes_saving = true;
	} else {
		app_say(a, "%s stays as it is", a->saving.path);
		save_job_drop(&a->saving);
	}
}

bool app_wish_saving(struct app *a, struct save_job *out)
{
	if (!a->wishes_saving)
		return false;
	a->wishes_saving = false;
	*out = a->saving;
	a->saving = (struct save_job){ 0 };
	return true;
}

/* ---- What came of it ------------------------------------------------------------------------- */

static const char *error_text(int error)
{
	return error == -EINVAL  ? "this is not a file"
	       : error == -EBUSY ? "another file is still being written"
				 : strerror(-error);
}

void app_take_saving(struct app *a, struct save_job *done)
{
	char rows[FMT_MAX];

	if (done->error == -EEXIST && a->mode == APP_PANES) {
		save_job_drop(&a->saving);
		a->saving = *done;
		*done = (struct save_job){ 0 };
		ask(a, APP_OVERWRITE);
		return;
	}
	if (done->error)
		app_say(a, "%s: %s", done->path, error_text(done->error));
	else
		app_say(a, "%s row%s written to %s", fmt_count(rows, done->rows, 0),
			done->rows == 1 ? "" : "s", done->path);
	save_job_drop(done);
}
