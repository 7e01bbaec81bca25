import type { Page } from 'playwright';

/** How a download came on, as its row said. */
export interface Course {
  /** The share of it that came in a second, on average, after what was there first. */
  perSecond(): Promise<number>;
  /** The longest time in which nothing came, between the first byte and the last one, in milliseconds. */
  longestPauseMs(): Promise<number>;
  /** The share of it that was there so many milliseconds ago, and is now. */
  lately(ms: number): Promise<number>;
}

interface CourseWindow extends Window {
  course: { readonly at: number; readonly progress: number }[];
}

/** Follows the row of a share from now on. There has to be one, and nothing of it yet. */
export async function followCourse(page: Page, root: string): Promise<Course> {
  const row = page.locator(`[data-testid="transfer"][data-root="${root}"]`);
  await row.evaluate((element) => {
    const scope = globalThis as unknown as CourseWindow;
    const note = (): void => {
      const isOver = element.getAttribute('data-state') === 'complete';
      const progress = isOver ? 1 : Number(element.getAttribute('data-progress'));
      if (progress > (scope.course.at(-1)?.progress ?? 0))
        scope.course.push({ at: performance.now(), progress });
    };
    scope.course = [];
    note();
    new MutationObserver(note).observe(element, {
      attributeFilter: ['data-progress', 'data-state'],
    });
  });
  const all = (): Promise<CourseWindow['course']> =>
    page.evaluate(() => (globalThis as unknown as CourseWindow).course);
  return {
    async perSecond() {
      const course = await all();
      const [first, last] = [course[0], course.at(-1)];
      if (!first || !last) return Number.NaN;
      return ((last.progress - first.progress) * 1_000) / (last.at - first.at);
    },
    async longestPauseMs() {
      const course = await all();
      return course.reduce((longest, { at }, i) => Math.max(longest, at - (course[i - 1]?.at ?? at)), 0);
    },
    lately: (ms) =>
      page.evaluate((span) => {
        const { course } = globalThis as unknown as CourseWindow;
        const from = performance.now() - span;
        const before = course.findLast(({ at }) => at <= from)?.progress ?? 0;
        return (course.at(-1)?.progress ?? 0) - before;
      }, ms),
  };
}
