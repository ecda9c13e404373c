import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { User } from '../access/user.entity.js';
import { ActivityService } from './activity.service.js';
import { AnalysisTools } from './analysis.tools.js';
import { ConsultationsService } from './consultations.service.js';
import { ConsultationsTools } from './consultations.tools.js';
import { ConversationsService } from './conversations.service.js';
import { ConversationsTools } from './conversations.tools.js';
import { crmEntities } from './crm.entities.js';
import { CustomersService } from './customers.service.js';
import { CustomersTools } from './customers.tools.js';
import { DirectoryService } from './directory.service.js';
import { PreferencesService } from './preferences.service.js';
import { PreferencesTools } from './preferences.tools.js';
import { ProjectsService } from './projects.service.js';
import { ProjectsTools } from './projects.tools.js';
import { TasksService } from './tasks.service.js';
import { TasksTools } from './tasks.tools.js';
import { UserSearchService } from './user-search.service.js';
import { UsersTools } from './users.tools.js';

/** The business system: customers, conversations, consultations, tasks, the service catalogue, and their tools. */
@Module({
  imports: [TypeOrmModule.forFeature([User, ...crmEntities])],
  providers: [
    ActivityService,
    ConsultationsService,
    ConversationsService,
    CustomersService,
    DirectoryService,
    PreferencesService,
    ProjectsService,
    TasksService,
    UserSearchService,
    AnalysisTools,
    ConsultationsTools,
    ConversationsTools,
    CustomersTools,
    PreferencesTools,
    ProjectsTools,
    TasksTools,
    UsersTools,
  ],
  exports: [DirectoryService],
})
export class CrmModule {}
