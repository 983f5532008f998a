import { AdminServiceHarness } from './admin-service.fixture.js';

/**
 * Requests as public scripts, modules and documentation send them (the sources stand with the shapes in
 * libs/protocol/odata), and what the site answers. 404: no such class or object here; 400
 * for what is posted here without its body.
 */
const TABLE = String.raw`
200 GET /AdminService/wmi/SMS_Site
200 GET /adminservice/wmi/sms_site
404 GET /AdminService/v1.0/AdministrationServiceInformation
200 GET /AdminService/wmi/
200 GET /AdminService/v1.0/
200 GET /AdminService
200 GET /AdminService/$metadata
200 GET /AdminService/v1.0/$metadata
200 GET /AdminService/wmi/$metadata
200 GET /AdminService/wmi/%24metadata?$format=xml
200 GET /adminservice/wmi/
200 GET /AdminService_TokenAuth/wmi/SMS_Site
200 GET /CCM_Proxy_MutualAuth/72057594037927941/AdminService/wmi/SMS_Site
200 GET /AdminService/wmi/SMS_R_System(16777219)
200 GET /AdminService/v1.0/Device(16777219)
200 GET /AdminService/wmi/SMS_Collection('SMS00001')
404 GET /AdminService/wmi/SMS_Scripts('A1B2C3D4-0000-4000-8000-00000000000A')
200 GET /AdminService/wmi/SMS_CollectionSettings('SMS00001')
200 GET /AdminService/wmi/SMS_MachineSettings(16777219)
404 GET /AdminService/wmi/SMS_Scripts/A1B2C3D4-0000-4000-8000-00000000000A
200 GET /AdminService/wmi/SMS_Collection/SMS00001
404 GET /AdminService/v1.0/Script/A1B2C3D4-0000-4000-8000-00000000000A
404 GET /AdminService/wmi/SMS_Application(16777530)
404 GET /AdminService/wmi/SMS_Admin(16777234)
400 GET /AdminService/wmi/SMS_UserMachineRelationship(25165825)
200 GET /AdminService/wmi/SMS_Collection(%27SMS00001%27)
400 GET /AdminService/wmi/SMS_R_User('O''Brien')
400 GET /AdminService/wmi/SMS_ConfigurationItem('ScopeId_A%2FApplication_B%2F8')
400 GET /AdminService/wmi/SMS_ConfigurationItem('ScopeId_A/Application_B/8')
404 GET /AdminService/wmi/SMS_Scripts(guid'A1B2C3D4-0000-4000-8000-00000000000A')
404 GET /AdminService/wmi/SMS_Scripts(A1B2C3D4-0000-4000-8000-00000000000A)
200 GET /AdminService/wmi/SMS_FullCollectionMembership(CollectionID='SMS00001',ResourceID=16777219)
200 GET /AdminService/wmi/SMS_FullCollectionMembership(%20ResourceID%20=%2016777219%20,%20CollectionID=%27SMS00001%27)
404 GET /AdminService/wmi/SMS_Site('ABC')/SiteName
200 GET /AdminService/wmi/SMS_R_System/$count
200 GET /AdminService/wmi/SMS_R_System/$count?$filter=Client%20eq%201
200 GET /AdminService/wmi/SMS_Collection?$filter=startswith(Name,'All') eq true
200 GET /AdminService/wmi/SMS_FullCollectionMembership?$filter=CollectionID%20eq%20'SMS00001'
200 GET /AdminService/wmi/SMS_FullCollectionMembership?$filter=CollectionID eq 'SMS00001' and ResourceID eq 16777219
200 GET /AdminService/wmi/SMS_ScriptsExecutionStatus?$filter=ClientOperationId eq 16777301
200 GET /AdminService/wmi/SMS_MachineSettings?$filter=ResourceID eq 16777219
200 GET /AdminService/wmi/SMS_Scripts?$filter=ScriptGuid eq 'A1B2C3D4-0000-4000-8000-00000000000A'
200 GET /AdminService/v1.0/Device?$filter=Name+eq+%27MAC-01%27
200 GET /AdminService/v1.0/Device?$filter=Name+eq+%27MAC-01%27andSerialNumber+eq+%27C02%27
200 GET /AdminService/wmi/SMS_Collection?$filter=CollectionType+eq+%272%27&$select=Name,CollectionID
200 GET /AdminService/wmi/SMS_R_System?$filter=Name+eq+%27a%27andClient+eq+%271%27andActive+eq+%271%27
200 GET /AdminService/wmi/SMS_R_System?%24filter=Name%20eq%20'MAC-01'&%24top=5
200 GET /AdminService/wmi/SMS_R_System?%24orderby=Name%20desc&%24skip=10&%24count=true
200 GET /AdminService/wmi/SMS_Collection?$filter=Name%20eq%20'All%20Systems'&$format=json&$count=true
404 GET /AdminService/wmi/SMS_Admin/?$filter=LogonName%20eq%20'CORP%5Calice'
404 GET /AdminService/wmi/SMS_Admin?$filter=RoleNames/any(role: role eq 'Full Administrator')&$select=LogonName
404 GET /AdminService/wmi/SMS_SCI_SCProperty?$filter=startswith(PropertyName, 'Global')&$select=Value1,Value2
200 GET /AdminService/wmi/SMS_Application?$filter=LocalizedDisplayName eq 'Safari'
200 GET /AdminService/v1.0/Device/?$filter=Name+eq+'MAC-01'
404 GET /AdminService/wmi/SMS_Package?$filter=startswith(Name,'Drivers -')&$select=Name,PackageID
200 GET /AdminService/wmi/SMS_R_System?$filter=Active eq 1&$select=Name
200 GET /AdminService/wmi/SMS_G_System_ExtensionData?$filter=PropertyName eq 'AssetTag' and PropertyValue eq '0815'
200 GET /AdminService/wmi/SMS_R_System?$filter=((contains(Name,'lab')) and (not (Client eq 0)))
200 GET /AdminService/wmi/SMS_R_System?$filter=ClientType in (1,3) or endswith(Name,'''s')
200 GET /AdminService/wmi/SMS_R_System?$filter=CreationDate ge 2026-11-21T10:00:00.000Z
200 GET /AdminService/wmi/SMS_R_System?$filter=CreationDate lt 2026-11-21T10:00:00+01:00
200 GET /AdminService/wmi/SMS_R_System?$filter=CreationDate lt 2026-11-21T10:00:00%2B01:00
200 GET /AdminService/wmi/SMS_R_System?$filter=CreationDate gt datetime'2026-11-21T10:00:00'
200 GET /AdminService/wmi/SMS_R_System?$filter=CreationDate gt 2026-11-21
200 GET /AdminService/wmi/SMS_Scripts?$filter=ScriptGuid eq guid'A1B2C3D4-0000-4000-8000-00000000000A'
200 GET /AdminService/wmi/SMS_Scripts?$filter=ScriptGuid eq A1B2C3D4-0000-4000-8000-00000000000A
400 GET /AdminService/wmi/SMS_R_System?$filter=tolower(Name) eq 'mac-01' and Notes ne null
200 GET /AdminService/wmi/SMS_R_System?$filter=Obsolete and ClientType le -1
200 GET /AdminService/wmi/SMS_R_System?$filter=IPAddresses/all(a: startswith(a,'10.'))
200 GET /AdminService/wmi/SMS_R_System?$FILTER=NAME%20EQ%20'x'&$OrderBy=Name%20asc,ResourceId%20desc
200 GET /AdminService/wmi/SMS_R_System?$filter=Name eq 'a%26b%3Dc%2Bd e+f'
200 GET /AdminService/wmi/SMS_R_System?$skiptoken=abc%3D%3D&$top=0
200 GET /AdminService/wmi/SMS_R_System?cache=no&$select=*&$format=application/json;odata.metadata=minimal
404 GET /AdminService/wmi/SMS_Admin?$select=LogonName,RoleNames,CategoryNames
200 GET /AdminService/v1.0/Device(16777219)/ResourceCollectionMembership?$expand=Collection&$select=Collection
200 GET /AdminService/v1.0/Device(16777219)/ResourceCollectionMembership/$count
400 POST /AdminService/v1.0/Device(16777219)/AdminService.RunCMPivot
404 GET /AdminService/v1.0/Device(16777219)/AdminService.CMPivotResult(OperationId=16777301)
400 POST /AdminService/v1.0/Collections('SMS00001')/AdminService.RunCMPivot
404 GET /AdminService/v1.0/Device(16777219)/AdminService.ScriptResult(OperationId=16777301)
400 POST /AdminService/v1.0/Device(16777219)/AdminService.RunScript
404 GET /AdminService/v1.0/Collections('SMS00001')/AdminService.CMPivotResult(OperationId=16777301)
200 GET /AdminService/v1.0/Script?$filter=ScriptName eq 'Free space'
200 GET /AdminService/v1.0/Script?$top=1
200 GET /AdminService/v1.0/ScriptStatus?$filter=ClientOperationId eq 16777301
200 GET /AdminService/v1.0/DeviceScriptRunDetails?$filter=ClientOperationId eq 16777301
404 DELETE /AdminService/wmi/SMS_Scripts('A1B2C3D4-0000-4000-8000-00000000000A')
400 POST /AdminService/v1.0/Device(16777219)/AdminService.SetExtensionData
200 GET /AdminService/v1.0/Device(16777219)/AdminService.GetExtensionData
200 GET /AdminService/v1.0/Device(16777219)/AdminService.GetExtensionData()
404 GET /AdminService/v1.0/Device(16777219)/AdminService.GetExtensionData(PropertyName='AssetTag')
200 POST /AdminService/v1.0/Device(16777219)/AdminService.DeleteExtensionData
404 POST /AdminService/v1.0/Application(A1B2C3D4-0000-4000-8000-00000000000A)/AdminService.InstallApplication
400 POST /AdminService/wmi/SMS_Collection('SMS00001')/AdminService.AddMembershipRule
400 POST /AdminService/wmi/SMS_Collection('SMS00001')/AdminService.AddMembershipRules
400 POST /AdminService/wmi/SMS_Collection('SMS00001')/AdminService.DeleteMembershipRule
201 POST /AdminService/wmi/SMS_Collection('SMS00001')/AdminService.RequestRefresh
404 POST /AdminService/wmi/SMS_Scripts/A1B2C3D4-0000-4000-8000-00000000000A/AdminService.UpdateApprovalState
404 POST /AdminService/wmi/SMS_UserMachineRelationship(25165825)/AdminService.RemoveSource
201 POST /AdminService/wmi/SMS_Collection('SMS00001')/adminservice.requestrefresh
404 POST /AdminService/wmi/SMS_Admin.GetAdminExtendedData
400 POST /AdminService/wmi/SMS_Scripts.CreateScripts/
400 POST /AdminService/wmi//SMS_Scripts.CreateScripts
400 POST /AdminService/wmi/SMS_ClientOperation.InitiateClientOperation
400 POST /AdminService/wmi/SMS_ClientOperation.InitiateClientOperationEx
400 POST /AdminService/wmi/SMS_ClientOperation/InitiateClientOperationEx
404 POST /AdminService/v1.0/Scripts.CreateScriptsOperation
404 GET /AdminService/wmi/SMS_Identification.GetProviderVersion
400 POST /AdminService/wmi/SMS_Scripts/AdminService.CreateScripts
400 POST /AdminService/wmi/SMS_Collection
400 POST /AdminService/wmi//SMS_Collection
409 DELETE /AdminService/wmi/SMS_Collection('SMS00001')
405 DELETE /AdminService/wmi/SMS_ApplicationAssignment/16777250
400 PUT /AdminService/wmi/SMS_CollectionSettings('SMS00001')
404 DELETE /AdminService/v1.0/NotificationSubscription/5
200 GET /AdminService/v1.0/Device/AdminService.GetExtensionData
404 POST /AdminService/v1.0/Device/AdminService.DeleteExtensionData
404 POST /AdminService/v1/ConsoleExtensionMetadata/AdminService.UploadExtension
200 GET /AdminService/v1/Device?$top=1
200 GET /AdminService/wmi/SMS_G_System_ExtensionData?$Select=ResourceID
200 GET /AdminService/wmi/SMS_G_System_ExtensionData?$filter=PropertyName eq 'AssetTag'&$Select=ResourceID,PropertyName,PropertyValue
200 GET /AdminService/v1.0/Device/
200 GET /AdminService/wmi/SMS_UserMachineRelationship/
200 GET /AdminService/wmi/SMS_UserMachineRelationship?%24top=129
200 GET /AdminService/wmi/SMS_UserMachineRelationship?$filter=endswith%28UniqueUserName%2C%27alice%27%29&$select=UniqueUserName,ResourceName
200 GET /AdminService/wmi/SMS_UserMachineRelationship?$filter=UniqueUserName%20eq%20'CORP%5Calice'
400 POST /AdminService/wmi/SMS_UserMachineRelationship.CreateRelationship
404 GET /AdminService/wmi/SMS_Identification.GetSiteID
200 GET /AdminService/wmi/SMS_Application?$filter=LocalizedDisplayName eq 'Safari' and IsLatest eq true
404 GET /AdminService/wmi/SMS_CategoryInstance
404 GET /AdminService/wmi/SMS_Program
200 GET /AdminService/wmi/SMS_R_System?$filter=contains(OperatingSystemNameandVersion,'Mac OS X')
200 GET /AdminService/wmi/SMS_R_SYSTEM?$filter=SID eq 'S-1-5-21-1'&$select=ResourceId
200 GET /AdminService/wmi/SMS_R_System?$filter=(Name eq 'MAC-01')&$select=ResourceId,Name
200 GET /AdminService/wmi/SMS_FullCollectionMembership?$filter=ResourceID%20eq%2016777219&$select=CollectionID
200 GET /AdminService/wmi/SMS_Collection?$top=100&$select=CollectionID,Name,MemberCount,CollectionType,Comment,LimitToCollectionName&$orderby=Name
200 GET /AdminService/wmi/SMS_Collection?$filter=startswith(Name,'Reclaim |') eq true
200 GET /AdminService/wmi/SMS_Collection?%24top=1
200 GET /AdminService/wmi/SMS_Collection?$filter=CollectionID%20eq%20'SMS00001'&$select=CollectionID,Name,Comment,MemberCount
409 DELETE /AdminService/wmi/SMS_R_System(16777219)
200 GET /AdminService/wmi/SMS_R_System?$filter=ResourceID eq 16777219
200 GET /AdminService/wmi/SMS_CM_RES_COLL_SMS00001
200 GET /AdminService/wmi/SMS_Collection('SMS00001')?%24select=Name%2CCollectionRules
200 GET /AdminService/wmi/SMS_R_System()?$filter=(ResourceId%20eq%2016777219)%20or%20(ResourceId%20eq%2016777220)
200 GET /AdminService/wmi/SMS_Collection(CollectionID='SMS00001')
200 GET /AdminService/wmi/SMS_R_System/?$filter=Name%20ne%20null%20and%20Name%20ne%20''&$top=5000
200 GET /AdminService/wmi/SMS_CombinedDeviceResources?$filter=LastActiveTime%20ge%202026-11-21T10:00:00.0000000%2B01:00%20and%20IsClient%20eq%20True
200 GET /AdminService/v1.0/Device?$select=Name&$expand=ResourceCollectionMembership&$top=1
200 GET /AdminService/wmi/SMS_R_System('16777219')
200 GET /AdminService/wmi/SMS_R_System?$filter=ResourceID eq '16777219' &$select= Name
`;
const shapes = TABLE.trim()
  .split('\n')
  .map((line) => {
    const [status = '', method = '', ...path] = line.split(' ');
    return [Number(status), method, path.join(' ')] as const;
  });

describe('requests that public scripts send', () => {
  let site: AdminServiceHarness;
  beforeAll(async () => {
    site = await AdminServiceHarness.start();
  }, 60_000);
  afterAll(() => site.stop());

  it.each(shapes)('%i for %s %s', async (status, method, path) => {
    const { place } = site.console;
    const writes = method === 'POST' || method === 'PUT';
    const answer = await site.console.send<{ error?: object }>(method, path.replaceAll(' ', '%20'), {
      token: place.adminToken,
      ...(writes && { body: {} }),
    });
    expect([answer.status, answer.text]).toEqual([status, expect.any(String)]);
    if (status >= 400)
      expect(answer.json.error).toMatchObject({ code: String(status), message: expect.any(String) });
  });

  it('are more than 80', () => {
    expect(shapes.length).toBeGreaterThanOrEqual(80);
  });
});
