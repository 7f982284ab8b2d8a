import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { copyClone } from './copy.mjs';

/** Copies of the clone, one for each job, made when first needed; each is used by one task at a time. */
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
      // Killed tests leave their temporary files.
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
