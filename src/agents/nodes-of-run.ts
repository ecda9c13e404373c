/** Of nodes whose end is the end of what the run has to say. */
const LAST_TYPES = ['answer', 'end'];

/** Follows the nodes of a run, as its events tell them: that all have ended, an answer among them, shows that nothing is to come. */
export class NodesOfRun {
  private readonly underWay = new Map<string, number>();
  private hasLast = false;

  get areDone(): boolean {
    return this.hasLast && this.underWay.size === 0;
  }

  /** The same node may run many times at once, within an iteration. */
  start(id: string): void {
    this.underWay.set(id, (this.underWay.get(id) ?? 0) + 1);
  }

  finish(id: string, type: string): void {
    const left = (this.underWay.get(id) ?? 1) - 1;
    if (left > 0) this.underWay.set(id, left);
    else this.underWay.delete(id);
    this.hasLast ||= LAST_TYPES.includes(type);
  }
}
