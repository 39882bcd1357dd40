/* A life table. A socket that leaves between two looks has the age of the second: longer than its
 * stay, so that nobody is overdue too early. It must not know what a socket is. */
#include "sockdash/leak_life.h"

#include <math.h>

#define HALF_LIFE_S 600.0
#define LONGEST_S   1800.0
#define HARDLY      0.36 /* cumulative hazard: -log(1 - 0.3) */
#define DUST        0.3  /* of one that left long ago */
#define RARE        5.3  /* a chance of e^-5.3, half a percent */
#define USUAL_SHARE 0.95
#define MARGIN      2.0

/* Whole powers of 2 have even classes. */
static unsigned class_of(int32_t age)
{
	uint64_t t = age < 1 ? 1 : (uint64_t)age;
	unsigned log2 = 63 - (unsigned)__builtin_clzll(t);
	unsigned class = 2 * log2 + (t * t >= UINT64_C(2) << (2 * log2));

	return class < LIFE_CLASSES ? class : LIFE_CLASSES - 1;
}

/* Where a class begins, in seconds. */
static double edge(unsigned class)
{
	return 0.1 * exp2(class / 2.0);
}

void life_fade(struct life *l, double seconds)
{
	float kept = (float)exp2(-seconds / HALF_LIFE_S);

	for (unsigned i = 0; i < LIFE_CLASSES; i++) {
		l->trials[i] *= kept;
		l->seconds[i] *= kept;
		l->left[i] *= kept;
		l->seen[i] *= kept;
	}
}

void life_note(struct life *l, int32_t age, double seconds, double left)
{
	unsigned class = class_of(age);

	l->trials[class] += 1;
	l->seconds[class] += (float)seconds;
	l->left[class] += (float)left;
	l->seen[class_of(age - (int32_t)(seconds * 10))] += (float)left;
}

double life_left(const struct life *l)
{
	double sum = 0;

	for (unsigned i = 0; i < LIFE_CLASSES; i++)
		sum += l->left[i];
	return sum;
}

double life_usual(const struct life *l)
{
	double all = life_left(l), wanted = all * USUAL_SHARE, sum = 0;

	if (all < DUST)
		return NAN;
	for (unsigned i = 0; i < LIFE_CLASSES; i++) {
		if (sum + l->seen[i] >= wanted && l->seen[i] > 0)
			return edge(i) * exp2((wanted - sum) / l->seen[i] / 2);
		sum += l->seen[i];
	}
	return edge(LIFE_CLASSES);
}

/* How much of leaving there is in a class: the chance per look, where one look spans the class, or
 * per second. */
static double hazard(const struct life *l, unsigned class)
{
	double looks;

	if (l->left[class] < DUST)
		return 0;
	looks = (edge(class + 1) - edge(class)) * l->trials[class] / l->seconds[class];
	return l->left[class] / l->trials[class] * fmax(1, looks);
}

double life_patience(const struct life *l, double floor_s)
{
	unsigned class = LIFE_CLASSES;
	double sum = 0;

	while (class > 0 && edge(class - 1) > LONGEST_S)
		class --;
	while (class > 0) {
		sum += hazard(l, class - 1);
		if (sum >= HARDLY)
			return fmax(floor_s, MARGIN * edge(class));
		class --;
	}
	return floor_s;
}

double life_left_after(const struct life *l, double age_s)
{
	double sum = 0;

	for (unsigned i = 0; i < LIFE_CLASSES; i++)
		if (edge(i) >= age_s)
			sum += l->left[i];
	return sum;
}

double life_reach(double watched_s)
{
	return fmin(watched_s, HALF_LIFE_S / M_LN2);
}

/* If all left alike, each of those that left would have been one of the younger ones with a chance
 * of their share in the time that all were watched. */
bool life_differs(const struct life *l, double floor_s, double patience_s)
{
	double left = 0, before = 0, after = 0;

	for (unsigned i = 0; i < LIFE_CLASSES; i++) {
		if (edge(i + 1) <= floor_s)
			continue;
		if (edge(i) < patience_s) {
			left += l->left[i];
			before += l->seconds[i];
		} else {
			after += l->seconds[i];
		}
	}
	return left < DUST || left * log1p(after / before) >= RARE;
}
