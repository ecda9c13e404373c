import {
  Logger,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
  type Provider,
  type Type,
} from '@nestjs/common';
import { RepeatedJob } from './repeated-job.js';

/** Keeps rows that expire. */
type Sweepable = { deleteExpired(): Promise<void> };

/** Deletes a service's expired rows again and again. */
class Sweep implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly job: RepeatedJob;

  constructor(service: Sweepable, pauseMs: number) {
    const { name } = service.constructor;
    const step = async () => {
      await service.deleteExpired();
      return false;
    };
    this.job = new RepeatedJob(new Logger(name), { name: `Deleting what expired of ${name}`, pauseMs, step });
  }

  onApplicationBootstrap(): void {
    this.job.start();
  }

  onApplicationShutdown(): Promise<void> {
    return this.job.stop();
  }
}

/** Makes the provider that sweeps a service, for a module of processes that work in the background. */
export function sweepOf(service: Type<Sweepable>, { pauseMs }: { readonly pauseMs: number }): Provider {
  return {
    provide: Symbol(`sweep of ${service.name}`),
    inject: [service],
    useFactory: (swept: Sweepable) => new Sweep(swept, pauseMs),
  };
}
