import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import type { Caller } from '../access/caller.js';
import type { Page } from '../platform/rest/envelope.js';
import { NotFoundError } from '../platform/errors.js';
import { decodeCursor, toPage } from '../platform/rest/paging.js';
import { Project } from './project.entity.js';
import { escapeLike } from './user-search.js';

/** The service catalogue. Projects that are no longer offered are found by id only. */
@Injectable()
export class ProjectsService {
  constructor(@InjectRepository(Project) private readonly projects: Repository<Project>) {}

  async getProject(caller: Caller, projectId: string): Promise<Project> {
    const project = await this.projects.findOneBy({ tenantId: caller.tenantId, id: projectId });
    if (project) return project;
    throw new NotFoundError(`No project '${projectId}'`, {
      hint: { tool: 'get_project_info', how: 'without arguments to see the catalogue' },
    });
  }

  /** By code. `query` is a part of the code, the name or the category. */
  async listProjects(
    caller: Caller,
    options: { readonly query?: string; readonly limit: number; readonly cursor?: string },
  ): Promise<Page<Project>> {
    const query = this.projects
      .createQueryBuilder('project')
      .where({ tenantId: caller.tenantId, enabled: true })
      .orderBy('project.code', 'ASC')
      .limit(options.limit + 1);
    if (options.query !== undefined) {
      query.andWhere("concat_ws(' ', project.code, project.name, project.category) ILIKE :part", {
        part: `%${escapeLike(options.query)}%`,
      });
    }
    if (options.cursor !== undefined) {
      query.andWhere('project.code > :code', { code: String(decodeCursor(options.cursor, 1)[0]) });
    }
    return toPage(await query.getMany(), options.limit, (project) => [project.code]);
  }
}
