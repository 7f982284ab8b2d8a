import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { copyClone } from './copy.mjs';

/** Copies of the clone, each used by one at a time: as many as there are jobs, each made when it is first needed. */
export class Pool {
  #root;
  #temp;
  #made = 0;
  #jobs;
  #idle = [];
  #waiting = [];

  constructor(root, temp, jobs) {
    this.#root = root;
    this.#temp = temp;
    this.#jobs = jobs;
  }

  async use(work) {
    const job = await this.#take();
    try {
      return await work(job);
    } finally {
      // What tests that were killed have left.
      rmSync(job.temp, { recursive: true, force: true });
      mkdirSync(job.temp);
      const next = this.#waiting.shift();
      if (next) next(job);
      else this.#idle.push(job);
    }
  }

  #take() {
    const idle = this.#idle.pop();
    if (idle) return idle;
    if (this.#made === this.#jobs) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#made += 1;
    const place = join(this.#temp, String(this.#made));
    const job = { folder: join(place, 'clone'), temp: join(place, 't') };
    copyClone(this.#root, job.folder);
    mkdirSync(job.temp);
    return job;
  }
}
