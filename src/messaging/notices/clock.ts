import { Injectable } from '@nestjs/common';

/** What time it is, for quiet hours; tests set it. */
@Injectable()
export class Clock {
  now(): Date {
    return new Date();
  }
}
