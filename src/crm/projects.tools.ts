import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { McpTool, type ToolContext } from '../tools/mcp-tool.decorator.js';
import type { Project } from './project.entity.js';
import { ProjectsService } from './projects.service.js';
import { cursorField, limitField, optionalText, optionalUuid, requiredText } from './tool-arguments.js';

const input = z.object({
  project_id: z
    .string()
    .optional()
    .describe('Id of one project: a UUID. Give this, or query, or neither for all.'),
  query: z.string().optional().describe('A part of the code, name or category, e.g. laser or 玻尿酸.'),
  limit: limitField('projects', 20, 100),
  cursor: cursorField,
});

/** The tool that reads the service catalogue. */
@Injectable()
export class ProjectsTools {
  constructor(private readonly projects: ProjectsService) {}

  @McpTool({
    name: 'get_project_info',
    title: 'Service catalogue',
    description:
      'Price range, duration, recovery time, usual course and contraindications of the services we offer: one project by id, those that ' +
      'match query, or the whole catalogue. Prices are in whole cents of the currency. Quote them as a range.',
    category: 'project',
    version: '1.1.0',
    input,
    scope: 'own',
    annotations: { readOnlyHint: true, openWorldHint: false },
  })
  async getProjectInfo(args: z.output<typeof input>, ctx: ToolContext) {
    const projectId = optionalUuid('project_id', args.project_id, {
      tool: 'get_project_info',
      how: 'with query or without arguments to find it',
    });
    if (projectId !== undefined) {
      return {
        projects: [projectOut(await this.projects.getProject(ctx.caller, projectId))],
        next_cursor: null,
      };
    }
    const query = optionalText(args.query);
    const page = await this.projects.listProjects(ctx.caller, {
      query: query === undefined ? undefined : requiredText('query', query, 100),
      limit: args.limit,
      cursor: optionalText(args.cursor),
    });
    return { projects: page.items.map(projectOut), next_cursor: page.nextCursor };
  }
}

function projectOut(project: Project) {
  return {
    project_id: project.id,
    code: project.code,
    name: project.name,
    category: project.category,
    description: project.description,
    price_min_cents: project.priceMinCents,
    price_max_cents: project.priceMaxCents,
    currency: project.currency,
    duration_minutes: project.durationMinutes,
    recovery_days: project.recoveryDays,
    usual_sessions: project.usualSessions,
    session_interval_days: project.sessionIntervalDays,
    contraindications: project.contraindications,
    offered: project.enabled,
  };
}
